import { ScenarioRunner, scenarios } from '../../src/recordings/testing/interleavings.ts';

/** Tries every story of so many moves on the real recorder. @returns how many there were, and what was wrong. */
export async function walkAll(depth: number): Promise<{ stories: number; wrong: string[] }> {
  const runner = await ScenarioRunner.open();
  const wrong: string[] = [];
  let tried = 0;
  for (const story of scenarios(depth)) {
    const found = await runner.run(story);
    if (found.length > 0)
      wrong.push(`${story.map(({ move, beats }) => `${move} ${beats}`).join(', ')}: ${found}`);
    if (++tried % 5000 === 0) process.stderr.write(`${tried} stories, ${wrong.length} wrong so far\n`);
  }
  await runner.close();
  return { stories: tried, wrong };
}
