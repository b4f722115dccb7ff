import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { environmentLayer } from "../../src/cli/config/layers.ts";
import { documents, type Manifest, misunderstood } from "./manifests.ts";

const DEPLOY = fileURLToPath(new URL("../../deploy/", import.meta.url));
/** How long `bandloom serve` finishes what it serves, seconds. */
const DRAIN = 10;
/** The compiler takes some seconds. */
const COMPILER_MS = 60_000;

interface Kustomization {
  readonly resources: readonly string[];
  readonly configMapGenerator: readonly {
    readonly name: string;
    readonly files?: readonly string[];
    readonly envs?: readonly string[];
  }[];
}
interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
}
interface Container {
  readonly name: string;
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly command?: readonly string[];
  readonly resources: { readonly requests: object; readonly limits: { readonly memory?: string } };
  readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly startupProbe?: Probe;
  readonly securityContext: object;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}
interface Workload extends Manifest {
  readonly spec: {
    readonly replicas?: number;
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly automountServiceAccountToken: boolean;
        readonly enableServiceLinks?: boolean;
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: {
          readonly runAsNonRoot: boolean;
          readonly seccompProfile: { readonly type: string };
        };
        readonly containers: readonly [Container];
        readonly topologySpreadConstraints?: readonly object[];
      };
    };
  };
}
interface Service extends Manifest {
  readonly spec: {
    readonly clusterIP?: string;
    readonly selector: Readonly<Record<string, string>>;
    readonly ports: readonly { readonly port: number; readonly targetPort: string }[];
  };
}

const [kustomization] = documents("kustomization.yaml") as unknown as readonly [Kustomization];
const all = kustomization.resources.flatMap(documents);
const ofKind = <T extends Manifest>(...kinds: readonly string[]) =>
  all.filter(({ kind }) => kinds.includes(kind)) as unknown as readonly T[];
const workloads = ofKind<Workload>("Deployment", "StatefulSet");
const services = ofKind<Service>("Service");
const container = (name: string) => {
  const found = workloads.find(({ metadata }) => metadata.name === name);
  if (!found) throw new Error(`There is no ${name}.`);
  return { pod: found.spec.template.spec, ...found.spec.template.spec.containers[0] };
};
const SERVERS = ["api", "render", "files"] as const;
/** Of all servers. */
const settings = new Map(
  [...readFileSync(`${DEPLOY}kubernetes/settings.env`, "utf8").matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(
    ([, name = "", value = ""]) => [name, value],
  ),
);

describe("deploy/kubernetes", () => {
  it(
    "holds only what Kubernetes knows: kinds, keys, types of values",
    () => {
      // A kind of Prometheus' operator: looked at below.
      expect(misunderstood(all.filter(({ kind }) => kind !== "ServiceMonitor"))).toEqual([]);
    },
    COMPILER_MS,
  );

  it(
    "would not pass with a key that Kubernetes does not know",
    () => {
      const wrong = structuredClone(all.find(({ kind }) => kind === "Deployment")) as unknown as {
        spec: { replica: number };
      };
      wrong.spec.replica = 3;
      expect(misunderstood([wrong]).join()).toContain(`'"replica"' does not exist`);
    },
    COMPILER_MS,
  );

  it("names each thing once, and generates what is mounted of files that are there", () => {
    const names = all.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
    const files = kustomization.configMapGenerator.flatMap(({ files = [], envs = [] }) => [...files, ...envs]);
    expect(files.filter((name) => !existsSync(DEPLOY + name))).toEqual([]);
  });

  it("makes new pods of new settings, nginx.conf and catalogue: each is generated, under a name of its content", () => {
    const generated = kustomization.configMapGenerator.map(({ name }) => name);
    const used = JSON.stringify(workloads).matchAll(/"configMap(?:Ref)?":\{"name":"([^"]+)"/g);
    expect(new Set([...used].map(([, name]) => name))).toEqual(new Set(generated));
    expect(ofKind("ConfigMap")).toEqual([]);
  });

  it.each(SERVERS)("tells %s what are settings, with values that they can have", (name) => {
    const own = container(name).env?.map((one) => [one.name, one.value] as const) ?? [];
    expect(environmentLayer(Object.fromEntries([...settings, ...own]), "/app").size).toBeGreaterThan(4);
  });

  it("keeps nginx in service while any server is gone: what others serve, and what is kept, needs it", () => {
    const { readinessProbe, livenessProbe } = container("nginx");
    for (const { httpGet } of [readinessProbe, livenessProbe])
      expect(httpGet).toEqual({ path: "/nginx_status", port: "internal" });
  });

  it.each(workloads.map((one) => [one.metadata.name, one] as const))(
    "gives %s no rights and bounds it",
    (_name, { spec }) => {
      const pod = spec.template.spec;
      expect(pod.automountServiceAccountToken).toBe(false);
      // Kubernetes would set BANDLOOM_PORT and more for the Service "bandloom": settings that the program refuses.
      expect(pod.enableServiceLinks).toBe(false);
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
      expect(pod.containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(pod.containers[0].resources).toMatchObject({
        requests: { memory: expect.any(String) },
        limits: { memory: expect.any(String) },
      });
      expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    },
  );

  it.each(SERVERS)(
    "asks %s by different questions whether it lives and whether it is ready, and lets it finish",
    (name) => {
      const { pod, livenessProbe, readinessProbe, startupProbe, lifecycle } = container(name);
      expect(livenessProbe.httpGet?.path).toBe("/healthz");
      expect(readinessProbe.httpGet?.path).toBe("/readyz");
      // What is not ready for want of others is not started again and again.
      expect(startupProbe?.httpGet?.path).toBe("/healthz");
      const [sleep, seconds] = lifecycle?.preStop.exec.command ?? [];
      expect(sleep).toBe("sleep");
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(Number(seconds) + DRAIN);
      expect(pod.topologySpreadConstraints).toHaveLength(2);
    },
  );

  it.each(SERVERS)(
    "tells %s its role, and leads nginx to each of its pods at the port that nginx.conf names",
    (name) => {
      expect(container(name).env).toContainEqual({ name: "BANDLOOM_ROLE", value: name });
      const service = services.find(({ metadata }) => metadata.name === name);
      expect(service?.spec.clusterIP).toBe("None");
      const port = container(name).ports.find((one) => one.name === "http")?.containerPort;
      expect(readFileSync(`${DEPLOY}nginx.conf`, "utf8")).toContain(`server ${name}:${port} `);
    },
  );

  it("selects with every service and every budget pods that there are, at ports that they have", () => {
    for (const { metadata, spec } of services) {
      const target = workloads.find(({ spec: { template } }) => isPartOf(spec.selector, template.metadata.labels));
      expect(target, metadata.name).toBeDefined();
      const ports = target?.spec.template.spec.containers[0].ports.map(({ name }) => name);
      for (const { targetPort } of spec.ports) expect(ports).toContain(targetPort);
    }
    const budgets = ofKind<Workload>("PodDisruptionBudget");
    expect(budgets.map(({ metadata }) => metadata.name)).toEqual([...SERVERS, "nginx"]);
    for (const { spec } of budgets) {
      expect(
        workloads.some(({ spec: { template } }) => isPartOf(spec.selector.matchLabels, template.metadata.labels)),
      ).toBe(true);
    }
  });

  it("sends an api's renders to the internal side of nginx", () => {
    const url = new URL(container("api").env?.find(({ name }) => name === "BANDLOOM_RENDER_URL")?.value ?? "");
    const front = services.find(({ metadata }) => metadata.name === url.hostname);
    expect(front?.spec.ports).toContainEqual({ name: "internal", port: Number(url.port), targetPort: "internal" });
    expect(container("nginx").ports).toContainEqual({ name: "internal", containerPort: Number(url.port) });
  });

  it("scales render servers by their queue first", () => {
    const [scaler] = ofKind<Manifest & { readonly spec: object }>("HorizontalPodAutoscaler");
    expect(scaler?.spec).toMatchObject({
      scaleTargetRef: { kind: "Deployment", name: "render" },
      metrics: [{ type: "Pods", pods: { metric: { name: "bandloom_render_queue" } } }, { type: "Resource" }],
    });
    // A number here would be set again at each apply, against the autoscaler.
    expect(workloads.find(({ metadata }) => metadata.name === "render")?.spec.replicas).toBeUndefined();
  });

  it("keeps the cache bounded and forgetful, the state on a disk and whole", () => {
    const command = (name: string) => container(name).command?.join(" ");
    expect(command("cache")).toMatch(/--maxmemory \S+ --maxmemory-policy allkeys-lru --save {2}--appendonly no/);
    expect(command("state")).toMatch(/--maxmemory-policy noeviction --appendonly yes/);
    expect(workloads.find(({ metadata }) => metadata.name === "state")?.spec).toHaveProperty("volumeClaimTemplates");
  });

  it("lets Prometheus collect the servers' metrics at their own port, and nobody else", () => {
    const [monitor] = ofKind<
      Manifest & {
        readonly spec: {
          readonly selector: { readonly matchLabels: Record<string, string> };
          readonly endpoints: readonly { readonly port: string }[];
        };
      }
    >("ServiceMonitor");
    expect(monitor?.apiVersion).toBe("monitoring.coreos.com/v1");
    const seen = services.filter(({ metadata }) =>
      isPartOf(monitor?.spec.selector.matchLabels ?? {}, metadata.labels ?? {}),
    );
    expect(seen.map(({ metadata }) => metadata.name)).toEqual(SERVERS);
    expect(monitor?.spec.endpoints[0]?.port).toBe("metrics");
    for (const name of SERVERS) {
      expect(container(name).ports).toContainEqual({
        name: "metrics",
        containerPort: Number(settings.get("BANDLOOM_METRICS_PORT")),
      });
    }
  });

  it("lets nothing reach a pod that no policy names", () => {
    const policies = ofKind<Manifest & { readonly spec: { readonly ingress?: readonly object[] } }>("NetworkPolicy");
    expect(policies.find(({ metadata }) => metadata.name === "nothing")?.spec.ingress).toBeUndefined();
    const open = policies.filter(({ spec }) => spec.ingress?.some((rule) => !("from" in rule)));
    expect(open.map(({ metadata }) => metadata.name)).toEqual(["nginx"]);
  });
});

function isPartOf(part: Readonly<Record<string, string>>, whole: Readonly<Record<string, string>>): boolean {
  return Object.entries(part).every(([key, value]) => whole[key] === value);
}
