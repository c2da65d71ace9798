/**
 * A caller of Node's: makes the requests it is given over one HTTP/2
 * connection, or one by one over HTTPS, and prints what came back as JSON.
 */
export const NODE_CALLER = `
import { readFileSync } from "node:fs";
import http2 from "node:http2";
import https from "node:https";

const { port, ca: caPath, way, isAtOnce, requests } = JSON.parse(
  process.argv[1],
);
const ca = readFileSync(caPath);

/** Name and address apart, so that no name has to be looked up. */
const lookup = (_name, options, done) =>
  options.all
    ? done(null, [{ address: "127.0.0.1", family: 4 }])
    : done(null, "127.0.0.1", 4);

let session;

function overHttp2({ method = "GET", path, headers = {}, body }) {
  if (session === undefined || session.destroyed || session.closed) {
    session = http2.connect("https://localhost:" + port, { ca, lookup });
    session.on("error", () => {});
  }
  return new Promise((resolve) => {
    const stream = session.request(
      { ":method": method, ":path": path, ...headers },
      { endStream: body === undefined },
    );
    let status;
    let received = {};
    stream.on("response", (fields) => {
      status = fields[":status"];
      received = { ...fields };
    });
    gather(stream, (text) => resolve({ status, headers: received, text }));
    stream.on("error", (error) => resolve({ error: error.code }));
    if (body !== undefined) stream.end(body);
  });
}

function overHttps({ method = "GET", path, headers = {}, body }) {
  return new Promise((resolve) => {
    const asked = https.request(
      { host: "localhost", port, ca, lookup, method, path, headers },
      (response) =>
        gather(response, (text) => {
          const { statusCode: status, headers: received } = response;
          resolve({ status, headers: received, text });
        }),
    );
    asked.on("error", (error) => resolve({ error: error.code }));
    asked.end(body);
  });
}

function gather(stream, done) {
  let text = "";
  stream.setEncoding("latin1");
  stream.on("data", (part) => text += part);
  stream.on("end", () => done(text));
}

const make = way === "h2" ? overHttp2 : overHttps;
let results = [];
if (isAtOnce) results = await Promise.all(requests.map(make));
else for (const request of requests) results.push(await make(request));
session?.close();
console.log(JSON.stringify(results));
`;
