/** Urgency of RFC 9218: 0 is the most urgent, 7 the least, 3 the default. */
export type Urgency = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
