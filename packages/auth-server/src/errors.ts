/** A change refers to something that is not there. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError'
}

/** A change was made on a version that is no longer the newest. */
export class StaleVersionError extends Error {
  override readonly name = 'StaleVersionError'
}

/** A change cannot be made in the state things are in. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
}

/** A value from outside is wrong; `message` says which and what it should be. */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError'
}
