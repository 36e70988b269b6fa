import type { Scorecard } from './insight.ts';

/** The scorecard of applications that define none. */
export const DEFAULT_SCORECARD: Scorecard = [
  {
    name: 'greeting',
    weight: 20,
    lookFor: [
      'good morning',
      'good afternoon',
      'good evening',
      'hello',
      'hi',
      'welcome',
      'thank you for calling',
    ],
    speaker: 'agent',
    where: 'start',
  },
  {
    name: 'identification',
    weight: 20,
    lookFor: ['my name is', 'this is', 'speaking', 'you are speaking with', 'you are speaking to'],
    speaker: 'agent',
    where: 'start',
  },
  {
    name: 'resolution',
    weight: 30,
    lookFor: [
      ...['it is booked', 'that is done', 'i have booked', 'i have sent', 'i have changed', 'i have reset'],
      ...['i have extended', 'in the system now', 'you will have it', 'you will get', 'you will receive'],
      ...['i have refunded', 'has been refunded', 'it is working', 'i have put you down', 'i have updated'],
    ],
    speaker: 'agent',
    where: 'anywhere',
  },
  {
    name: 'courtesy',
    weight: 15,
    lookFor: [
      'please',
      'thank you',
      'thanks',
      'i am sorry',
      'i apologise',
      'my pleasure',
      'you are welcome',
      'of course',
    ],
    speaker: 'agent',
    where: 'anywhere',
  },
  {
    name: 'closing',
    weight: 15,
    lookFor: [
      ...['goodbye', 'bye', 'have a nice', 'have a good', 'have a great', 'have a lovely', 'anything else'],
      ...['thank you for calling', 'we look forward'],
    ],
    speaker: 'agent',
    where: 'end',
  },
];
