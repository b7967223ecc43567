export interface Profile {
  readonly id: string
  readonly locale: string
  readonly timeZone: string
  readonly memberSince: string
}

/** Profiles by id. A real service asks its database. */
export const profiles: ReadonlyMap<string, Profile> = new Map([
  ['user_8f2c1d', { id: 'user_8f2c1d', locale: 'en-IE', timeZone: 'Europe/Dublin', memberSince: '2024-03-18' }],
  ['user_41b7aa', { id: 'user_41b7aa', locale: 'pt-PT', timeZone: 'Europe/Lisbon', memberSince: '2025-07-02' }],
])
