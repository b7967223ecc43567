import { randomUUID } from 'node:crypto'
import { ConfigurationError } from '@behalf/core'
import { z } from 'zod'
import type { AuthServerOptions } from './options.js'

const seconds = (fallback: number, most: number) => z.int().min(1).max(most).default(fallback)
const perMinute = (fallback: number) => z.int().min(1).default(fallback)

/** 32 bytes in base64url. */
const encryptionKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/u, 'must be 32 bytes in base64url (43 characters)')

/** What a configuration file holds. Functions and the log are given in code alone. */
export const configurationSchema = z.strictObject({
  issuer: z
    .string()
    .refine(isIssuer, 'must be an origin: https://host, or http:// on a loopback address, with nothing after the port'),
  database: z.string().min(1).default('memory'),
  encryptionKey: z
    .union([encryptionKey, z.array(encryptionKey).min(1)])
    .transform((keys) => (typeof keys === 'string' ? [keys] : keys))
    .optional(),
  signingAlgorithm: z.enum(['ES256', 'EdDSA']).default('ES256'),
  lifetimes: z
    .strictObject({
      delegation: seconds(60, 300),
      direct: seconds(300, 900),
      subject: seconds(600, 3600),
      refresh: seconds(86_400, 31_536_000),
      session: seconds(28_800, 2_592_000),
      consent: seconds(2_592_000, 31_536_000),
      approval: seconds(600, 86_400),
    })
    .prefault({}),
  maxChainDepth: z.int().min(1).max(32).default(4),
  escalation: z
    .strictObject({ limit: z.int().min(1).default(5), window: seconds(300, 86_400), duration: seconds(900, 2_592_000) })
    .prefault({}),
  keys: z.strictObject({ rotateEvery: seconds(7_776_000, 31_536_000), leadTime: seconds(600, 86_400) }).prefault({}),
  rateLimits: z
    .strictObject({
      token: perMinute(600),
      introspection: perMinute(6000),
      login: perMinute(30),
      approval: perMinute(60),
      audit: perMinute(60_000),
    })
    .prefault({}),
  dpop: z.strictObject({ nonce: z.enum(['off', 'required']).default('off') }).prefault({}),
  audit: z.enum(['required', 'best-effort']).default('required'),
  instance: z
    .string()
    .min(1)
    .max(100)
    .refine((name) => !name.startsWith('api:'), 'must not begin as the names of those who send events do: api:')
    .default(randomUUID),
  trustedProxies: z.int().min(0).max(10).default(0),
})

/** Options looked over, with every default in place. */
export interface Settings extends Omit<z.infer<typeof configurationSchema>, 'encryptionKey'> {
  readonly encryptionKey: readonly string[] | undefined
  /** Resource indicator of the admin API. */
  readonly adminResource: string
  /** Resource indicator of the trail, where APIs send their events. */
  readonly auditResource: string
}

/** @throws ConfigurationError that says which option is wrong and what it should be */
export function readSettings(options: Omit<AuthServerOptions, 'seed' | 'log' | 'now'>): Settings {
  const parsed = configurationSchema.safeParse(options)
  if (!parsed.success) {
    const [fault] = parsed.error.issues
    throw new ConfigurationError(fault?.path.join('.') || 'options', `is wrong: ${fault?.message ?? 'unknown'}`)
  }
  const { encryptionKey: keys, ...rest } = parsed.data
  if (keys === undefined && rest.database !== 'memory') {
    throw new ConfigurationError(
      'encryptionKey',
      'is required with a database that lasts: 32 random bytes in base64url',
    )
  }
  return Object.freeze({
    ...rest,
    encryptionKey: keys,
    adminResource: `${rest.issuer}/admin`,
    auditResource: `${rest.issuer}/audit`,
  })
}

function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, origin } = new URL(text)
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/u.test(hostname)
  return text === origin && (protocol === 'https:' || (protocol === 'http:' && isLoopback))
}
