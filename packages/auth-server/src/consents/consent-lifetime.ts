import type { Settings } from '../settings.js'
import type { Consent } from './consent.js'

/**
 * Seconds a consent lasts: for a task as long as a sign-in, for one time as long as an item waits in the inbox.
 */
export function consentLifetime({ lifetimes }: Pick<Settings, 'lifetimes'>, mode: Consent['mode']): number {
  if (mode === 'once') return lifetimes.consent
  return mode === 'per_task' ? lifetimes.session : lifetimes.approval
}
