import { SlidingLog } from "./sliding_log.ts";

/**
 * The faces of a block: (a) 429 JSON without `retry_after`, (b) 429 plain text
 * 1015, (c) 429 HTML, (d) 403 JSON 40333. All seen live (#5810, #5385, #6473).
 */
export type BlockShape = "a" | "b" | "c" | "d";

/** When an address is blocked, and how the block looks. */
export interface InvalidNumbers {
  readonly limit: number;
  readonly periodMs: number;
  readonly blockMs: number;
  readonly shape: BlockShape;
  readonly hasRetryAfter: boolean;
}

/** A block in force. */
export interface Block {
  readonly shape: BlockShape;
  /** The value of `Retry-After`; undefined when there is none. */
  readonly retryAfterS: number | undefined;
}

interface Address {
  readonly invalid: SlidingLog;
  blockedUntilMs: number;
  shape: BlockShape;
  hasRetryAfter: boolean;
}

/** Counts invalid requests per address and blocks the ones with too many. */
export class IpGuard {
  readonly #addresses = new Map<string, Address>();

  blockOf(ip: string, nowMs: number): Block | undefined {
    const address = this.#addresses.get(ip);
    if (address === undefined || nowMs >= address.blockedUntilMs) return;
    const leftS = Math.ceil((address.blockedUntilMs - nowMs) / 1000);
    return {
      shape: address.shape,
      retryAfterS: address.hasRetryAfter ? leftS : undefined,
    };
  }

  /** Counts a 401, 403 or 429 that was not shared; the one at the limit starts a block. */
  countInvalid(ip: string, numbers: InvalidNumbers, nowMs: number): void {
    const { invalid } = this.#addressOf(ip);
    invalid.add(nowMs);
    if (invalid.count(nowMs, numbers.periodMs) < numbers.limit) return;
    invalid.clear();
    this.block(ip, numbers, nowMs);
  }

  block(
    ip: string,
    how: Pick<InvalidNumbers, "blockMs" | "shape" | "hasRetryAfter">,
    nowMs: number,
  ): void {
    const address = this.#addressOf(ip);
    address.blockedUntilMs = nowMs + how.blockMs;
    address.shape = how.shape;
    address.hasRetryAfter = how.hasRetryAfter;
  }

  #addressOf(ip: string): Address {
    let address = this.#addresses.get(ip);
    if (address === undefined) {
      address = {
        invalid: new SlidingLog(),
        blockedUntilMs: -Infinity,
        shape: "a",
        hasRetryAfter: true,
      };
      this.#addresses.set(ip, address);
    }
    return address;
  }
}
