import type { FilePart } from "./files.ts";

const encoder = new TextEncoder();

/**
 * Builds the form in which Discord takes files: `payload_json`, `files[0]`,
 * `files[1]` and so on (docs: uploading files).
 */
export function multipartOf(
  dataText: string | undefined,
  files: readonly FilePart[],
  boundary: string,
): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  if (dataText !== undefined) {
    chunks.push(encoder.encode(
      `--${boundary}\r\ncontent-disposition: form-data; name="payload_json"\r\n` +
        `content-type: application/json\r\n\r\n${dataText}\r\n`,
    ));
  }
  for (const [index, { name, type, bytes }] of files.entries()) {
    chunks.push(
      encoder.encode(
        `--${boundary}\r\ncontent-disposition: form-data; name="files[${index}]"; ` +
          `filename="${quotable(name)}"\r\ncontent-type: ${type}\r\n\r\n`,
      ),
      bytes,
      encoder.encode("\r\n"),
    );
  }
  chunks.push(encoder.encode(`--${boundary}--\r\n`));
  return concatenated(chunks);
}

/** Escapes a file name as browsers do (HTML standard: multipart form data). */
function quotable(name: string): string {
  return name.replaceAll("\r", "%0D").replaceAll("\n", "%0A")
    .replaceAll('"', "%22");
}

function concatenated(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(
    chunks.reduce((bytes, chunk) => bytes + chunk.byteLength, 0),
  );
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
