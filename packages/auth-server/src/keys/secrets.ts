/** What the server keeps to itself, encrypted at rest with the key of the configuration. */
export interface Secrets {
  /** Text that only a process with the same key can read. */
  seal(text: string): Promise<string>
  /** @throws ConfigurationError when none of the encryption keys opens it */
  open(sealed: string): Promise<string>
  /** A secret of this name that every process on the database shares: made on first use, 32 random bytes in base64url. */
  shared(name: string): Promise<string>
}
