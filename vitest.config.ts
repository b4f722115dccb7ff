import { fileURLToPath } from "node:url";
import { defineConfig, type TestUserConfig } from "vitest/config";
import { END_TO_END, RULES, RUN_PROGRAMS, SERVERS } from "./test/setup/projects.ts";
import { SkipReporter } from "./test/setup/skip-reporter.ts";

const resolve = {
  alias: [
    // vitest would load a second copy of graphql by its ES module entry ("another module or realm").
    { find: /^graphql$/, replacement: "graphql/index.js" },
    {
      find: /^(?:\.|\.\.\/render)\/thread\.ts$/,
      replacement: fileURLToPath(new URL("test/setup/threads.ts", import.meta.url)),
    },
    {
      find: "./check-program.ts",
      replacement: fileURLToPath(new URL("test/setup/check-program.ts", import.meta.url)),
    },
  ],
};

const common = {
  pool: "forks",
  // Files share the processes: what they import is loaded three times in all, and not two hundred times.
  isolate: false,
  setupFiles: ["test/setup/each-file.ts"],
  testTimeout: 60_000,
  hookTimeout: 120_000,
  // A guard against what never comes to pass; what comes late on a busy machine is no failure.
  expect: { poll: { timeout: 20_000 } },
} satisfies TestUserConfig;

export default defineConfig({
  test: {
    // One more than the cores that we promise six minutes on: many tests wait for programs.
    maxWorkers: 3,
    // Of what runs in the tests' own processes; threads and the built program are not seen.
    coverage: { include: ["src/**/*.ts"], exclude: ["src/viewer/**"], reporter: ["text-summary", "html"] },
    reporters: [...(process.env.CI ? ["default", "json"] : ["default"]), new SkipReporter()],
    outputFile: { json: "test/.output/report.json" },
    projects: [
      { resolve, test: { ...common, name: "rules", include: RULES } },
      {
        resolve,
        test: {
          ...common,
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...RULES, ...SERVERS, ...RUN_PROGRAMS, ...END_TO_END],
          globalSetup: ["test/setup/bundle-threads.ts"],
        },
      },
      {
        resolve,
        test: {
          ...common,
          name: "servers",
          include: SERVERS,
          exclude: RUN_PROGRAMS,
          globalSetup: ["test/setup/bundle-threads.ts"],
        },
      },
      {
        resolve,
        test: {
          ...common,
          name: "programs",
          include: [...RUN_PROGRAMS, ...END_TO_END],
          globalSetup: ["test/setup/global.ts", "test/setup/bundle-threads.ts"],
        },
      },
    ],
  },
});
