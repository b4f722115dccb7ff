/** The rules of the project itself, part of `npm run check`: they need no build and no other program. */
export const RULES = ["test/project/**/*.test.ts"];

/** Our program as it was built, with all that it works with. */
export const END_TO_END = ["test/cli/**/*.test.ts", "test/e2e/**/*.test.ts"];

/** Tests with a server in their own process, but for those of them that start a program as well. They need no build. */
export const SERVERS = ["test/http/**/*.test.ts", "test/graphql/**/*.test.ts"];

/**
 * Other tests that start a program (ours as built, Redis, nginx, a process of their own) or convert or render whole images in threads that
 * are started for it. What stands nowhere here is a unit test, which has all that it needs in its own process: all of them take less than a
 * minute, without a build. A rule of the project keeps programs out of them (test/project/unit-tests.test.ts).
 */
export const RUN_PROGRAMS = [
  "test/cache/embedded.test.ts",
  "test/cache/flights.test.ts",
  "test/cache/full-disk.test.ts",
  "test/cache/redis-cluster.test.ts",
  "test/cache/redis-failing.test.ts",
  "test/cache/redis-locks.test.ts",
  "test/cache/poisoned.test.ts",
  "test/cache/redis-secured.test.ts",
  "test/cache/redis.test.ts",
  "test/cache/s3.test.ts",
  "test/cache/spoiled.test.ts",
  "test/graphql/bad-requests.test.ts",
  "test/graphql/catalogue.test.ts",
  "test/graphql/persisted-queries.test.ts",
  "test/graphql/presets.test.ts",
  "test/graphql/purge.test.ts",
  "test/http/metrics.test.ts",
  "test/http/poisoned-cache.test.ts",
  "test/http/roles.test.ts",
  "test/ingest/joined.test.ts",
  "test/ingest/large-chunks.test.ts",
  "test/ingest/meaning.test.ts",
  "test/ingest/metadata.test.ts",
  "test/ingest/other-readers.test.ts",
  "test/ingest/remote.test.ts",
  "test/ingest/tiff-output.test.ts",
  "test/ingest/verify.test.ts",
  "test/ingest/zarr-output.test.ts",
  "test/service/jobs/jobs.test.ts",
  "test/service/jobs/order.test.ts",
  "test/service/jobs/records.test.ts",
  "test/service/jobs/shared.test.ts",
  "test/service/purge.test.ts",
  "test/service/seams.test.ts",
  "test/source/peers/tiff-jpeg.test.ts",
  "test/source/peers/tiff-meaning.test.ts",
  "test/source/peers/tiff-samples.test.ts",
  "test/source/peers/zarr.test.ts",
  "test/state/embedded.test.ts",
];
