// The text of docs/settings.md: every setting, from the table that the program reads.
import { SETTING_NAMES, settingRow } from "../src/cli/config/settings.ts";

export function settingsPage(): string {
  const rows = SETTING_NAMES.map((name) => {
    const { flag, env, fallback, fallbackHelp, help } = settingRow(name);
    return `| \`${env}\` | \`--${flag}\` | ${help.replaceAll("|", "\\|")} | ${fallbackHelp ?? (fallback === null ? "none" : `\`${fallback}\``)} |`;
  });
  return `# Settings

Every setting of \`bandloom serve\`, as \`bandloom serve --help\` tells them. They come from flags, over the environment, over \`.env\` in the working folder, over a
YAML file (\`--config\`, or \`bandloom.yaml\` in the working folder; its keys are the flags without dashes), over the defaults. Names that are no setting are
refused. Other commands take those of them that they need.

| variable | flag | | default |
|---|---|---|---|
${rows.join("\n")}

Sizes are bytes, or \`512MiB\`, \`4GiB\`; switches are \`true\` or \`false\`, as flags \`--introspection\` or \`--no-introspection\`. What belongs together in a cluster:
[deploy.md](deploy.md). Caches: [cache.md](cache.md). Remote images: [sources.md](sources.md).
`;
}
