/** A username as it is kept and counted: people do not tell `Alice` from `alice`. */
export function toUsername(typed: string): string {
  return typed.normalize('NFKC').trim().toLowerCase()
}
