/**
 * A schema of zod, valibot, arktype or any other library that follows Standard Schema v1: the part of it that is used
 * to parse and type claims.
 */
export interface ClaimsSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => ClaimsResult<Output> | Promise<ClaimsResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

/** What a {@link ClaimsSchema} answers: a value, or issues. */
export type ClaimsResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] }
