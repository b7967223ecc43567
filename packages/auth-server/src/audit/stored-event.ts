import type { StoredEvent } from './audit-trail.js'

/** An event as it was kept, its digest put back in its place. */
export function readEvent(text: string, hash: string): StoredEvent {
  const event = JSON.parse(text) as StoredEvent // the text is one that this server wrote, an object
  const { integrity } = event
  return { ...event, integrity: typeof integrity === 'object' ? { ...integrity, hash } : { hash } }
}
