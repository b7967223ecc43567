/** Express 4 under the name it is installed by: for these tests the types of Express 5 are close enough. */
declare module 'express4' {
  export { default } from 'express'
}
