/** What never changes of the fields every answer behind Cloudflare carries. */
const CONSTANT = [
  "Server: cloudflare",
  "CF-Cache-Status: DYNAMIC",
  "set-cookie: __dcfduid=00ff; Path=/; HttpOnly",
  "set-cookie: __sdcfduid=00ff; Path=/; HttpOnly",
  'alt-svc: h3=":443"; ma=86400',
  "strict-transport-security: max-age=31536000; includeSubDomains",
  "x-content-type-options: nosniff",
  'NEL: {"report_to":"cf-nel","max_age":604800}',
  'Report-To: {"group":"cf-nel","max_age":604800,"endpoints":[]}',
].join("\r\n");

/** Writes the header lines around every answer; a date is made once per second. */
export class Noise {
  #second = -1;
  #date = "";
  #serial = 0;

  lines(clockMs: number): string {
    const second = Math.floor(clockMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = new Date(second * 1000).toUTCString();
    }
    const ray = (++this.#serial).toString(16).padStart(16, "0");
    return `Date: ${this.#date}\r\n${CONSTANT}\r\nCF-RAY: ${ray}-SIM\r\n` +
      `set-cookie: __cfruid=${ray}; path=/; domain=.discord.com; HttpOnly\r\n`;
  }
}
