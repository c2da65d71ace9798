/** What TLS is spoken with, as PEM. The key is secret. */
export interface TlsPair {
  /** The certificate, and its chain behind it. */
  readonly cert: string;
  readonly key: string;
}
