declare module 'express4' {
  import express from 'express'
  // biome-ignore lint/style/noDefaultExport: Express has one
  export default express
}
