/** One request and its answer, as they were on the wire. */
export interface Exchange {
  readonly transport: string;
  readonly said: string;
  readonly heard: string;
}

/** No channel of the load, so that these two requests need not wait. */
const PATH = "/channels/87000000000000000/messages";
const MESSAGE = { content: "hello" };

/** Sends the same message over HTTP and over REP. */
export async function sendTwice(
  host: string,
  key: string,
): Promise<readonly Exchange[]> {
  return [await overHttp(host, key), await overRep(host, key)];
}

async function overHttp(host: string, key: string): Promise<Exchange> {
  const body = JSON.stringify(MESSAGE);
  const response = await fetch(`http://${host}${PATH}`, {
    method: "POST",
    headers: { authorization: key, "content-type": "application/json" },
    body,
  });
  return {
    transport: "HTTP",
    said: `POST ${PATH} ${body}`,
    heard: `${response.status} ${await response.text()}`,
  };
}

async function overRep(host: string, key: string): Promise<Exchange> {
  const socket = new WebSocket(`ws://${host}/rep`, {
    headers: { authorization: key },
  });
  const said = JSON.stringify({
    target: PATH,
    method: "ACTION",
    data: MESSAGE,
    req: "a-1",
  });
  const heard = await new Promise<string>((resolve, reject) => {
    socket.onopen = () => socket.send(said);
    socket.onmessage = ({ data }) => resolve(data);
    socket.onclose = () => reject(new Error("Cannot ask over REP: closed"));
  });
  socket.onclose = null;
  socket.close();
  return { transport: "REP", said, heard };
}

/** As lines for a terminal. */
export function tellExchanges(exchanges: readonly Exchange[]): string[] {
  return exchanges.flatMap(({ transport, said, heard }) => [
    `  ${transport.padEnd(5)}> ${said}`,
    `       < ${shortened(heard)}`,
  ]);
}

/** The ends tell enough: a whole message would fill the terminal. */
function shortened(text: string): string {
  const [head, tail] = [150, 16];
  if (text.length <= head + tail) return text;
  return `${text.slice(0, head)} … ${text.slice(-tail)}`;
}
