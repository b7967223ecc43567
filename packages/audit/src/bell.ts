/** A pause that somebody can end. */
export interface Bell {
  /** @param milliseconds at most */
  wait(milliseconds: number): Promise<void>
  ring(): void
}

export function createBell(): Bell {
  let wake: (() => void) | undefined
  return {
    wait: (milliseconds) =>
      new Promise((resolve) => {
        const end = (): void => {
          clearTimeout(timer)
          wake = undefined
          resolve()
        }
        const timer = setTimeout(end, milliseconds)
        wake = end
      }),
    ring: () => wake?.(),
  }
}
