import assert from "node:assert/strict";
import { RawConnection } from "../../bench/raw_http.ts";

const ANSWERS: Readonly<Record<string, () => Response>> = {
  "/length": () => new Response("x".repeat(40_000)),
  "/chunked": () =>
    new Response(new Blob(["one", "x".repeat(70_000)]).stream(), {
      status: 201,
    }),
  "/empty": () => new Response(null, { status: 204 }),
};

Deno.test("one connection reads answers with a length, in chunks and without a body", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ url }) => ANSWERS[new URL(url).pathname]?.() ?? Response.error(),
  );
  const { hostname, port } = server.addr;
  const connection = await RawConnection.open({ hostname, port, headers: [] });
  const ask = (target: string) => connection.ask({ method: "GET", target });

  assert.equal(await ask("/length"), 200);
  assert.equal(await ask("/chunked"), 201);
  assert.equal(await ask("/empty"), 204);
  assert.equal(await ask("/length"), 200);
  connection.close();
});

Deno.test("a request carries the place's headers and its body's length in bytes", async () => {
  const seen: string[] = [];
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const { headers } = request;
      seen.push(headers.get("authorization") ?? "");
      seen.push(headers.get("content-length") ?? "");
      seen.push(await request.text());
      return new Response();
    },
  );
  const { hostname, port } = server.addr;
  const headers = ["authorization: key"];
  const connection = await RawConnection.open({ hostname, port, headers });
  await connection.ask({ method: "POST", target: "/", body: `"é"` });
  connection.close();
  assert.deepEqual(seen, ["key", "4", `"é"`]);
});

Deno.test("an answer that never comes is an error, not a status", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const accepted = listener.accept();
  const connection = await RawConnection.open({ hostname, port, headers: [] });
  const asked = connection.ask({ method: "GET", target: "/" });
  (await accepted).close();
  await assert.rejects(asked, /closed before it|reset|broken pipe/i);
  connection.close();
});
