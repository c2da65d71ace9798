import assert from "node:assert/strict";
import { SETTINGS } from "../../rest/config/settings.ts";
import { addressOf } from "../../supervisor/address.ts";

Deno.test("without settings the supervisor holds the port that the proxy would open", () => {
  assert.deepEqual(addressOf({}), {
    host: SETTINGS.host.fallback,
    port: Number(SETTINGS.port.fallback),
  });
});

const NAMES = ["REST_HOST", "REST_PORT", "REST_TLS_CERT", "REST_SOCKET"];

Deno.test("the names that the supervisor reads are settings", () => {
  const known = Object.values(SETTINGS).map(({ name }) => name);
  assert.deepEqual(NAMES.filter((name) => !known.includes(name)), []);
});

Deno.test("host and port are taken as the proxy takes them, blanks around them left out", () => {
  const settings = { REST_HOST: " ::1 ", REST_PORT: " 0 " };
  assert.deepEqual(addressOf(settings), { host: "::1", port: 0 });
});

for (
  const settings of [
    { REST_PORT: "65536" },
    { REST_PORT: "http" },
    { REST_PORT: "-1" },
    { REST_TLS_CERT: "cert.pem" },
    { REST_SOCKET: "/run/sluice.sock" },
  ]
) {
  Deno.test(`the proxy itself opens or refuses ${JSON.stringify(settings)}`, () => {
    assert.equal(addressOf(settings), undefined);
  });
}
