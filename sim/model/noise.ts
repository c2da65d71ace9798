import type { SimResponse } from "./response.ts";

let lastSecond = -1;
let lastDate = "";

/** Adds what every answer behind Cloudflare carries. */
export function addNoise(
  response: SimResponse,
  serial: number,
  clockMs: number,
): void {
  const second = Math.floor(clockMs / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastDate = new Date(second * 1000).toUTCString();
  }
  const ray = serial.toString(16).padStart(16, "0");
  response.headers.push(
    ["Date", lastDate],
    ["Server", "cloudflare"],
    ["CF-RAY", `${ray}-SIM`],
    ["CF-Cache-Status", "DYNAMIC"],
    ["set-cookie", `__cfruid=${ray}; path=/; domain=.discord.com; HttpOnly`],
    ["set-cookie", "__dcfduid=00ff; Path=/; HttpOnly"],
    ["set-cookie", "__sdcfduid=00ff; Path=/; HttpOnly"],
    ["alt-svc", 'h3=":443"; ma=86400'],
    ["strict-transport-security", "max-age=31536000; includeSubDomains"],
    ["x-content-type-options", "nosniff"],
    ["NEL", '{"report_to":"cf-nel","max_age":604800}'],
    ["Report-To", '{"group":"cf-nel","max_age":604800,"endpoints":[]}'],
  );
}
