// Two suites: the tests, each file in a process of its own (one compute engine a process), then the end-to-end tests, one after another.

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          pool: "forks",
          maxWorkers: 2,
          include: ["test/**/*.test.ts", "test/**/*.test.tsx"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "e2e",
          pool: "forks",
          include: ["test/e2e/**/*.e2e.ts"],
          fileParallelism: false,
          // After the others: what is measured here shall not be disturbed.
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
