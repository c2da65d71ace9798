/**
 * How long things take among proxies that share Redis. All of it but
 * `FORGET_MS` is measured on the clock of whoever waits: Redis' clock says only
 * how old a lease was when somebody looked.
 */

/** How long a lease is good for, from the moment its renewal was sent. */
export const LEASE_MS = 3_000;
/** Four tries fit into a lease, so that one that is lost costs nothing. */
export const RENEW_MS = 750;
/** After a failure: soon, since what Redis says next decides who may send. */
export const RETRY_MS = 250;
/**
 * An owner stops this long before its lease ends. It covers two clocks that
 * drift apart by 2 % within a lease, and the way of the request that left last.
 */
export const GUARD_MS = 250;
/** Whoever takes over waits this much longer than it seems to need. */
export const TAKE_MARGIN_MS = 50;
/** Two looks at Redis' clock agree to so much; more is a clock that was set. */
export const CLOCK_STEP_MS = 25;
/** Of the proxies that would take a scope the next best one waits this much longer. */
export const RANK_MS = 500;
/** Beats are no closer than this, whatever calls for one. */
export const BEAT_SPACING_MS = 20;

/** How long a peer's consent is good for, from the moment it was asked. */
export const CONSENT_MS = 3_000;
/** How often consent is asked for: often enough that a lost answer costs nothing. */
export const ASK_MS = 500;
/**
 * The longest that an owner goes on without Redis. A proxy that this owner has
 * never heard of, and that cannot reach it, waits longer than this.
 */
export const CONSENT_MAX_MS = 600_000;

/** A proxy that was seen within this is given scopes. */
export const LIVING_MS = 2_250;
/** After this a proxy is forgotten, on Redis' clock; when it is back it is a new one. */
export const FORGET_MS = 10_000;
