import { defineConfig } from "vitest/config";

// vitest would load a second copy of graphql by its ES module entry ("another module or realm").
const resolve = { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] };

export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: process.env.CI ? ["default", "json"] : ["default"],
    outputFile: { json: "test/.output/report.json" },
    projects: [
      // The rules of the project itself, part of `npm run check`: they need no build and no other program.
      { resolve, test: { name: "rules", include: ["test/project/**/*.test.ts"] } },
      {
        resolve,
        test: {
          name: "tests",
          include: ["test/**/*.test.ts"],
          exclude: ["test/project/**"],
          globalSetup: ["test/setup/global.ts"],
          pool: "forks",
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // A guard against what never comes to pass; what comes late on a busy machine is no failure.
          expect: { poll: { timeout: 20_000 } },
        },
      },
    ],
  },
});
