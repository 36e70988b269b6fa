import { wireSchema } from '../../contract/json-schema.ts';
import { voiceShown } from '../../contract/speech-rules.ts';
import { isEnglish, voicesWith } from '../../src/speech/voices.ts';
import { fieldTable, GENERATED, json } from './markdown.ts';

/** Languages of espeak-ng 1.51 by their BCP 47 tags, without constructed languages. */
export const LANGUAGES: Record<string, string> = {
  ...{ af: 'Afrikaans', am: 'Amharic', an: 'Aragonese', ar: 'Arabic', as: 'Assamese', az: 'Azerbaijani' },
  ...{ ba: 'Bashkir', be: 'Belarusian', bg: 'Bulgarian', bn: 'Bengali', bs: 'Bosnian', ca: 'Catalan' },
  ...{ chr: 'Cherokee', cmn: 'Chinese (Mandarin)', cs: 'Czech', cy: 'Welsh', da: 'Danish', de: 'German' },
  ...{ el: 'Greek', eo: 'Esperanto', es: 'Spanish', 'es-419': 'Spanish (Latin America)', et: 'Estonian' },
  ...{
    eu: 'Basque',
    fa: 'Persian',
    fi: 'Finnish',
    'fr-be': 'French (Belgium)',
    'fr-ch': 'French (Switzerland)',
  },
  ...{ 'fr-fr': 'French (France)', ga: 'Irish', gd: 'Scottish Gaelic', gn: 'Guarani', gu: 'Gujarati' },
  ...{
    hak: 'Chinese (Hakka)',
    haw: 'Hawaiian',
    he: 'Hebrew',
    hi: 'Hindi',
    hr: 'Croatian',
    ht: 'Haitian Creole',
  },
  ...{ hu: 'Hungarian', hy: 'Armenian', id: 'Indonesian', is: 'Icelandic', it: 'Italian', ja: 'Japanese' },
  ...{ ka: 'Georgian', kk: 'Kazakh', kl: 'Greenlandic', kn: 'Kannada', ko: 'Korean', kok: 'Konkani' },
  ...{ ku: 'Kurdish', ky: 'Kyrgyz', la: 'Latin', lb: 'Luxembourgish', lt: 'Lithuanian', lv: 'Latvian' },
  ...{ mi: 'Māori', mk: 'Macedonian', ml: 'Malayalam', mr: 'Marathi', ms: 'Malay', mt: 'Maltese' },
  ...{ my: 'Burmese', nb: 'Norwegian (Bokmål)', ne: 'Nepali', nl: 'Dutch', om: 'Oromo', or: 'Odia' },
  ...{
    pa: 'Punjabi',
    pap: 'Papiamento',
    pl: 'Polish',
    pt: 'Portuguese (Portugal)',
    'pt-br': 'Portuguese (Brazil)',
  },
  ...{ qu: 'Quechua', ro: 'Romanian', ru: 'Russian', sd: 'Sindhi', shn: 'Shan', si: 'Sinhala', sk: 'Slovak' },
  ...{ sl: 'Slovenian', smj: 'Lule Sami', sq: 'Albanian', sr: 'Serbian', sv: 'Swedish', sw: 'Swahili' },
  ...{ ta: 'Tamil', te: 'Telugu', th: 'Thai', tk: 'Turkmen', tn: 'Setswana', tr: 'Turkish', tt: 'Tatar' },
  ...{ ug: 'Uyghur', uk: 'Ukrainian', ur: 'Urdu', uz: 'Uzbek', vi: 'Vietnamese', yue: 'Chinese (Cantonese)' },
};

const INTRODUCTION = `# Voices and languages

${GENERATED}
\`say\` speaks with its \`voice\` and \`language\`. The default, also for the prompt of a \`gather\`, is the \`voice\` and \`language\` of the
application, or else \`rms\` and English.

A running server lists its voices at [\`GET /v1/voices\`](rest.md#get-v1voices). Each entry has:

${fieldTable(wireSchema(voiceShown), 'response')}
${json({ say: { text: 'Guten Tag.', voice: 'slt', language: 'de' } })}
## Voices
`;

const SPEECH_SERVER = `
## Your own speech server

If the application has a \`speech_model\` ([\`ai\`](rest.md#post-v1applications)), its AI server speaks all texts. \`voice\` and \`language\` can then have any
value that the server supports.
`;

/** The page about voices and languages, in Markdown. */
export function voicesReference(): string {
  const voices = voicesWith(Object.keys(LANGUAGES));
  const names = [...new Set(voices.map(({ voice }) => voice))];
  const rows = names.map((name) => {
    const { gender } = voices.find(({ voice }) => voice === name)!;
    return `| \`${name}\` | ${gender} |`;
  });
  const english = new Set(
    voices.filter(({ engine }) => engine === 'flite').flatMap(({ languages }) => languages),
  );
  const others = Object.entries(LANGUAGES).filter(([tag]) => !isEnglish(tag));
  return [
    INTRODUCTION,
    '| voice | gender |',
    '|---|---|',
    ...rows,
    '\nEvery voice speaks every language. `male` and `female` are other names for the first two.\n',
    '## Languages\n',
    `English (${[...english].map((tag) => `\`${tag}\``).join(', ')}, and any other \`en-…\`) is built in. The other languages need the program \`espeak-ng\` on the`,
    'machine of the server. A tag can be more specific than the tags in this table: `de-AT` uses `de`. With espeak-ng 1.51, the',
    'languages are:\n',
    '| language | tag |',
    '|---|---|',
    ...others.sort(([, a], [, b]) => (a < b ? -1 : 1)).map(([tag, name]) => `| ${name} | \`${tag}\` |`),
    SPEECH_SERVER,
  ].join('\n');
}
