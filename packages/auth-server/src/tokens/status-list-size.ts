/** Tokens to one status list (Token Status List draft): 16 KiB of bits before compression. */
export const statusListSize = 131_072
