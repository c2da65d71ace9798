import type { FaultChance } from "../../sim/model/fault.ts";

/** What a simulated Discord answers to libraries that build objects from it. */
const USER = {
  id: "900000000000000002",
  username: "ann",
  discriminator: "0",
  "global_name": null,
  avatar: null,
  bot: false,
  "public_flags": 0,
};

const MESSAGE = {
  id: "1400000000000000001",
  "channel_id": "900000000000000001",
  author: USER,
  content: "hello",
  timestamp: "2026-01-01T00:00:00.000000+00:00",
  "edited_timestamp": null,
  tts: false,
  "mention_everyone": false,
  mentions: [],
  "mention_roles": [],
  attachments: [],
  embeds: [],
  pinned: false,
  type: 0,
  components: [],
  flags: 0,
};

export const USER_ID = USER.id;
export const MESSAGE_ID = MESSAGE.id;

export const NESTED_ERROR = "Must be 2000 or fewer in length.";

/** Discord's words for a message that is too long, nested errors and all. */
export const INVALID_FORM = {
  message: "Invalid Form Body",
  code: 50035,
  errors: {
    content: {
      _errors: [{
        code: "BASE_TYPE_MAX_LENGTH",
        message: NESTED_ERROR,
      }],
    },
  },
};

/** Answers in full for everything the libraries ask, these channels among it. */
export function fullAnswers(channels: readonly string[]): FaultChance[] {
  return [
    always("GET /users/{user}", USER),
    always("POST /channels/{channel}/messages", MESSAGE),
    always("PATCH /channels/{channel}/messages/{message}", MESSAGE),
    always("POST /webhooks/{webhook}/{token}", MESSAGE),
    ...channels.map((id) =>
      always(`GET /channels/${id}`, {
        id,
        type: 1,
        recipients: [USER],
        "last_message_id": null,
      })
    ),
  ];
}

function always(match: string, body: unknown): FaultChance {
  return {
    match,
    probability: 1,
    fault: {
      kind: "answer",
      status: 200,
      body: JSON.stringify(body),
      isExecuted: true,
    },
  };
}
