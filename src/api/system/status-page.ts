interface Status {
  version: string;
  /** Calls that are alive. */
  calls: number;
  /** Why the server cannot take calls, where it cannot. */
  trouble: string | undefined;
}

/** The page at `/`, made without a framework and without scripts. */
export function statusPage({ version, calls, trouble }: Status): string {
  const health = trouble === undefined ? 'Ready to take calls.' : `Not ready: ${escapeHtml(trouble)}.`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>MiniVoice</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem; color: #1c2430; }
h1 { margin-bottom: 0; }
.version { color: #5b6675; margin-top: 0; }
@media (prefers-color-scheme: dark) { body { background: #12161c; color: #e4e9f0; } a { color: #8ab8ff; } }
</style>
</head>
<body>
<h1>MiniVoice</h1>
<p class="version">version ${escapeHtml(version)}</p>
<p>${health} ${calls === 1 ? 'One call is' : `${calls} calls are`} in progress.</p>
<ul>
<li><a href="/openapi.json">The REST interface (OpenAPI)</a></li>
<li><a href="/healthz">Health</a> and <a href="/readyz">readiness</a></li>
<li><a href="/metrics">Metrics (Prometheus)</a></li>
</ul>
</body>
</html>
`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (letter) => ENTITIES[letter]!);
