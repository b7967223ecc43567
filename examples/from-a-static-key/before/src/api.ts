import express from 'express'
import { requireKey } from './key.js'
import { plans } from './plans.js'

const { API = 'http://127.0.0.1:4001' } = process.env

const app = express()

app.get('/customers/:id/plan', requireKey, (req, res) => {
  res.json(plans.get(req.params.id) ?? null)
})

const { hostname, port } = new URL(API)
app.listen(Number(port), hostname)
