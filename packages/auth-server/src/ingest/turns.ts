/** Gives the requests of clients their turns: one client's one after the other, those of several side by side. */
export interface Turns {
  /** Lets a request in; undefined where too many of the client's, or of all clients, are there. */
  enter(client: string): Turn | undefined
}

/** A request that is let in. */
export interface Turn {
  /** Waits for the turn, and does the work. */
  take<T>(work: () => Promise<T>): Promise<T>
  /** To be called once, whatever happened. */
  leave(): void
}

/** How many requests there may be. */
export interface TurnLimits {
  /** Whose work is done at the same time. */
  readonly sideBySide: number
  /** That are read, wait or are worked on. */
  readonly ofOne: number
  readonly ofAll: number
}

/** The requests of a client. */
interface Line {
  present: number
  /** It is among those that are ready, or a step of it is under way. */
  isTaken: boolean
  readonly steps: (() => Promise<void>)[]
}

export function createTurns({ sideBySide, ofOne, ofAll }: TurnLimits): Turns {
  const lines = new Map<string, Line>()
  const ready: Line[] = []
  let present = 0
  let underWay = 0

  function lineUp(line: Line): void {
    if (line.isTaken || line.steps.length === 0) return
    line.isTaken = true
    ready.push(line)
    advance()
  }

  function advance(): void {
    while (underWay < sideBySide) {
      const next = ready.shift()
      const step = next?.steps.shift()
      if (next === undefined || step === undefined) return
      underWay += 1
      void step().finally(() => {
        underWay -= 1
        next.isTaken = false
        lineUp(next)
        advance()
      })
    }
  }

  return {
    enter(client) {
      const own = lines.get(client) ?? { present: 0, isTaken: false, steps: [] }
      if (own.present >= ofOne || present >= ofAll) return undefined
      lines.set(client, own)
      own.present += 1
      present += 1
      return {
        take: (work) =>
          new Promise((resolve, reject) => {
            own.steps.push(() => work().then(resolve, reject))
            lineUp(own)
          }),
        leave() {
          own.present -= 1
          present -= 1
          if (own.present === 0) lines.delete(client)
        },
      }
    },
  }
}
