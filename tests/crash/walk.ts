import { stories, Walk } from '../../src/recordings/testing/walk.ts';

/** Tries every story of so many moves on the real recorder. @returns how many there were, and what was wrong. */
export async function walkAll(depth: number): Promise<{ stories: number; wrong: string[] }> {
  const walk = await Walk.open();
  const wrong: string[] = [];
  let tried = 0;
  for (const story of stories(depth)) {
    const found = await walk.try(story);
    if (found.length > 0)
      wrong.push(`${story.map(({ move, beats }) => `${move} ${beats}`).join(', ')}: ${found}`);
    if (++tried % 5000 === 0) process.stderr.write(`${tried} stories, ${wrong.length} wrong so far\n`);
  }
  await walk.close();
  return { stories: tried, wrong };
}
