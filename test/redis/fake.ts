import type { IoredisClient } from '@behalf/redis'

/** A client without a server. */
export interface Fake {
  readonly client: IoredisClient
  /** Every command it got. */
  readonly asked: readonly (readonly string[])[]
  /** `ready`, until a test says otherwise. */
  status: string
}

/** @param answer what it says to a command */
export function createFake(answer: (name: string, args: readonly string[]) => unknown): Fake {
  const asked: (readonly string[])[] = []
  const fake: Fake = {
    asked,
    status: 'ready',
    client: {
      get status() {
        return fake.status
      },
      // What it throws is thrown at once: clients may do so.
      call(name, ...args) {
        asked.push([name, ...args])
        const said = answer(name, args)
        return Promise.resolve(said)
      },
      on: () => {},
      off: () => {},
    },
  }
  return fake
}

/** The answer to TIME. */
export const timeOf = (seconds: number): readonly string[] => {
  const microseconds = Math.round(seconds * 1_000_000)
  return [`${Math.floor(microseconds / 1_000_000)}`, `${microseconds % 1_000_000}`]
}
