import assert from "node:assert/strict";
import { readBots } from "../../rest/config/read_bots.ts";
import { Secret } from "../../rest/domain/secret.ts";
import { fileOf, missing } from "./_files.ts";

const FILE = "DISCORD_TOKENS_FILE";
/** The bot's id is beyond what a number holds exactly. */
const tokenOf = (n: number) =>
  `${btoa(`1${String(n).padStart(17, "0")}`)}.never.printed`;
const MAIN = new Secret(tokenOf(1));

function read(content: unknown, main: Secret | undefined = MAIN) {
  const problems: string[] = [];
  const bots = readBots(main, fileOf(FILE, content), problems);
  return { names: bots.map((bot) => bot.name), bots, problems };
}

Deno.test("the bot of DISCORD_TOKEN is called main and comes first", () => {
  const { names, bots, problems } = read({ second: `Bot ${tokenOf(2)}` });
  assert.deepEqual(problems, []);
  assert.deepEqual(names, ["main", "second"]);
  assert.equal(bots[1]?.token.reveal(), tokenOf(2));
});

Deno.test("without a file there is the bot of DISCORD_TOKEN, or none", () => {
  assert.equal(readBots(MAIN, undefined, []).length, 1);
  assert.deepEqual(readBots(undefined, undefined, []), []);
});

Deno.test("without DISCORD_TOKEN one of the file may be called main", () => {
  const problems: string[] = [];
  const file = fileOf(FILE, { main: tokenOf(2) });
  assert.equal(readBots(undefined, file, problems)[0]?.name, "main");
  assert.deepEqual(problems, []);
});

const BAD_NAME =
  "has a bad name: want a name of 1 to 32 letters, digits, dashes and underscores, not digits alone";

const WRONG: ReadonlyArray<readonly [content: unknown, problem: string]> = [
  [[], ": want a JSON object of names and tokens"],
  [{ "a b": tokenOf(2) }, `: bot 1 ${BAD_NAME}`],
  [{ "123": tokenOf(2) }, `: bot "123" ${BAD_NAME}`],
  [
    { main: tokenOf(2) },
    ': bot "main" has the name of the bot of DISCORD_TOKEN: want another one',
  ],
  [
    { a: "hunter2" },
    ": bot \"a\" has a bad token: want a token as Discord's developer portal shows it, three parts joined by dots, of which the first is the bot's id in base64",
  ],
  [
    { a: "x.y.z" },
    ": bot \"a\" has a bad token: want a token as Discord's developer portal shows it, three parts joined by dots, of which the first is the bot's id in base64",
  ],
  [
    { a: 7 },
    ": bot \"a\" has a bad token: want a token as Discord's developer portal shows it, three parts joined by dots, of which the first is the bot's id in base64",
  ],
  [{ a: tokenOf(1) }, ': bot "a" is the same bot as "main": want it once'],
  [
    { a: tokenOf(2), b: tokenOf(2) },
    ': bot "b" is the same bot as "a": want it once',
  ],
  // Name and token the wrong way round: the token must not be printed.
  [{ [tokenOf(2)]: "a" }, `: bot 1 ${BAD_NAME}`],
];

for (const [content, problem] of WRONG) {
  Deno.test(`DISCORD_TOKENS_FILE${problem}`, () => {
    assert.deepEqual(read(content).problems, [FILE + problem]);
  });
}

Deno.test("a hundred bots are taken from the file, one more is too many", () => {
  const bots = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, n) => [`b${n}`, tokenOf(n + 2)]),
    );
  assert.equal(read(bots(100)).names.length, 101);
  assert.deepEqual(read(bots(101)).problems, [
    `${FILE} has 101 bots: want at most 100`,
  ]);
});

Deno.test("a file of tokens that is not there is told", () => {
  const problems: string[] = [];
  readBots(MAIN, missing(FILE), problems);
  assert.deepEqual(problems, [`${FILE} is "/f": there is no such file`]);
});
