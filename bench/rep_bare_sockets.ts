/** The smallest WebSocket server on this runtime: what a socket costs by itself. */
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ hostname, port }) => {
    // The line the bench waits for.
    // deno-lint-ignore no-console
    console.log(`http://${hostname}:${port}/`);
  },
}, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = () => {};
  socket.onclose = () => {};
  return response;
});
