/** Characters in a row that two texts do not share by chance. */
const run = 12

/** How often a text may be percent-encoded. */
const mostEncodings = 4

/** The beginning of a JSON object in base64url, as every JWT has it. */
const jwtLike = /eyJ[\w-]{8}/u

/**
 * Whether somebody's text quotes what it was told: 12 characters in a row of one of the secrets, or 12 letters and digits whatever
 * stands between them; or anything that begins as a JWT does. Looked at as it is, and with its percent-encoding undone.
 */
export function isQuote(text: string, secrets: readonly string[]): boolean {
  let reading = text
  for (let encodings = 0; encodings <= mostEncodings; encodings += 1) {
    const current = reading
    const isPart = (secret: string): boolean => share(current, secret) || share(bare(current), bare(secret))
    if (jwtLike.test(current) || secrets.some(isPart)) return true
    reading = decode(current)
    if (reading === current) return false
  }
  return true // nobody writes so who has nothing to hide
}

function bare(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z\d]/gu, '')
}

/** A secret that is shorter than a run counts as a whole. */
function share(text: string, secret: string): boolean {
  const length = Math.min(run, secret.length)
  if (length === 0) return false
  for (let from = 0; from + length <= text.length; from += 1) {
    if (secret.includes(text.slice(from, from + length))) return true
  }
  return false
}

function decode(text: string): string {
  return text.replaceAll(/%([\da-f]{2})/giu, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
