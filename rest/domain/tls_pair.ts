/** Certificate and key of the TLS server, in PEM. The key is secret. */
export interface TlsPair {
  /** The certificate, followed by its chain. */
  readonly cert: string;
  readonly key: string;
}
