import { createTestClock } from '@behalf/testing'
import { describe, expect, test } from 'vitest'

describe('test clock', () => {
  test('runs with its source, in seconds', () => {
    let time = 1000.25
    const clock = createTestClock(() => time)
    expect(clock.now()).toBe(1000.25)
    time = 1001
    expect(clock.now()).toBe(1001)
  })

  test('runs with the system without one', () => {
    const before = Date.now() / 1000
    expect(createTestClock().now()).toBeGreaterThanOrEqual(before)
    expect(createTestClock().now()).toBeLessThanOrEqual(Date.now() / 1000)
  })

  test('stops where it is set and goes on running when it is moved', () => {
    let time = 1000
    const clock = createTestClock(() => time)
    clock.advance(60)
    time = 1001
    expect(clock.now()).toBe(1061)
    clock.set(5000)
    time = 1002
    expect(clock.now()).toBe(5000)
    clock.advance(-10)
    expect(clock.now()).toBe(4990)
    clock.reset()
    expect(clock.now()).toBe(1002)
  })

  test('its now works on its own', () => {
    const { now, set } = createTestClock(() => 1)
    set(7)
    expect(now()).toBe(7)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('is not moved by %s', (seconds) => {
    const clock = createTestClock(() => 1)
    expect(() => clock.set(seconds)).toThrow(TypeError)
    expect(() => clock.advance(seconds)).toThrow(TypeError)
    expect(clock.now()).toBe(1)
  })
})
