import type { Sentiment, Speaker } from '../insight.ts';

/** A transcript of a call, and its sentiment as a person judged it. */
export interface Dialogue {
  name: string;
  /** The mood of the caller at the end, as a person judged it. */
  sentiment: Sentiment;
  lines: [speaker: Speaker, text: string][];
}

/** Calls that the rules were tuned on. Results on them prove nothing. */
export const TUNING_DIALOGUES: Dialogue[] = [
  {
    name: 'the gym membership',
    sentiment: 'negative',
    lines: [
      ['agent', 'Peak Fitness, this is Carl, what can I do for you?'],
      ['caller', 'I cancelled my membership in January and you are still taking money from my account.'],
      ['agent', 'Sorry about that. What is your member number?'],
      ['caller', 'Eight eight one five.'],
      ['agent', 'I cannot see a cancellation here.'],
      ['caller', 'I sent it twice. This is a joke. I am furious.'],
      ['agent', 'You would have to send it again.'],
      ['caller', 'No, I will not. I will report you. I have never been treated so badly.'],
      ['agent', 'Thank you for calling, have a great day.'],
    ],
  },
  {
    name: 'the repaired bicycle',
    sentiment: 'positive',
    lines: [
      ['agent', 'Wheel Works, good morning.'],
      ['caller', 'Morning. You repaired my bicycle last week and it runs like new, I am so happy with it.'],
      ['agent', 'That is nice of you to say.'],
      ['caller', 'I wanted to book the yearly service as well.'],
      ['agent', 'In April we have the tenth or the eleventh.'],
      ['caller', 'The tenth is perfect. You guys are the best.'],
      ['agent', 'I have put you down for the tenth at nine. We will send you a reminder.'],
      ['caller', 'Awesome, see you then.'],
    ],
  },
  {
    name: 'the invoice copy',
    sentiment: 'neutral',
    lines: [
      ['agent', 'Accounts department, Judith speaking.'],
      ['caller', 'Hello, I need a copy of the invoice from February.'],
      ['agent', 'What is the invoice number?'],
      ['caller', 'I do not have it, but the customer number is six one four.'],
      ['agent', 'I have found it. Shall I send it by email?'],
      ['caller', 'Yes, to the address that you have.'],
      ['agent', 'It will be there in a few minutes.'],
      ['caller', 'Thanks. Bye.'],
    ],
  },
  {
    name: 'the wrong shoes',
    sentiment: 'mixed',
    lines: [
      ['agent', 'Step Ahead customer care, how may I help you?'],
      [
        'caller',
        'You sent me the wrong shoes, and I am really annoyed, because I needed them for a wedding.',
      ],
      ['agent', 'I am terribly sorry. I can send the right ones by courier today.'],
      ['caller', 'Today? All right. It is still a nuisance.'],
      ['agent', 'You may keep the others as a gift.'],
      ['caller', 'Oh, that is very generous. I am pleased with that, great.'],
      ['agent', 'I will send you the tracking number.'],
      ['caller', 'Wonderful. Thank you.'],
    ],
  },
  {
    name: 'the prescription',
    sentiment: 'neutral',
    lines: [
      ['agent', 'Doctor Miller practice, good morning.'],
      ['caller', 'Good morning, I would like to order my prescription again.'],
      ['agent', 'Your name and date of birth, please?'],
      ['caller', 'Peter Novak, the ninth of May nineteen seventy one.'],
      ['agent', 'It is the tablets for blood pressure?'],
      ['caller', 'Yes, the same as the last time.'],
      ['agent', 'You can collect it tomorrow after eleven.'],
      ['caller', 'After eleven. Thank you, goodbye.'],
    ],
  },
  {
    name: 'the flight that was cancelled',
    sentiment: 'negative',
    lines: [
      ['agent', 'Blue Sky Airlines, you are speaking with Nadia.'],
      [
        'caller',
        'My flight was cancelled and there is no one at the desk. I am stuck here with two children.',
      ],
      ['agent', 'I understand. The next flight with free seats is on Wednesday.'],
      ['caller', 'Wednesday? That is three days. That is completely unacceptable.'],
      ['agent', 'I am afraid there is nothing that I can do.'],
      ['caller', 'And who pays for the hotel? Nobody tells us anything. It is a nightmare.'],
      ['agent', 'You can claim it afterwards on our website.'],
      ['caller', 'I will never fly with you again.'],
    ],
  },
  {
    name: 'the router',
    sentiment: 'positive',
    lines: [
      ['agent', 'Technical support, Ben speaking.'],
      ['caller', 'Hello, my internet is down since this morning, there is an error on the box.'],
      ['agent', 'Please unplug it, wait a minute and plug it in again.'],
      ['caller', 'Okay, it is starting. The light is green now. It is working again.'],
      ['agent', 'Then it was the update of last night.'],
      ['caller', 'That was easy. You are a star, thank you so much.'],
      ['agent', 'You are welcome. Is there anything else?'],
      ['caller', 'No, I am happy. Bye bye.'],
    ],
  },
  {
    name: 'the kitchen that was late',
    sentiment: 'mixed',
    lines: [
      ['agent', 'Oak Kitchens, Simon speaking.'],
      ['caller', 'Hi, the kitchen is finally in, and it is beautiful, we love it.'],
      ['agent', 'Very good.'],
      ['caller', 'But it was six weeks late and the fitters were really unfriendly, that was disappointing.'],
      ['agent', 'I am sorry about that.'],
      ['caller', 'And one door is scratched. That is annoying for this price.'],
      ['agent', 'I will order a new door. It should be here in ten days.'],
      ['caller', 'Okay. The colour is great, anyway. Bye.'],
    ],
  },
  {
    name: 'the meter reading',
    sentiment: 'neutral',
    lines: [
      ['agent', 'City Power, good afternoon.'],
      ['caller', 'I want to give you my meter reading.'],
      ['agent', 'Go ahead.'],
      ['caller', 'It is four one zero zero seven, from this morning.'],
      ['agent', 'Thank you. You will get the bill in two weeks.'],
      ['caller', 'Is it higher than last year?'],
      ['agent', 'A little, because the price went up in March.'],
      ['caller', 'I see. That is all then. Bye.'],
    ],
  },
  {
    name: 'the refund that nobody pays',
    sentiment: 'negative',
    lines: [
      ['agent', 'Fashion House, hello.'],
      ['caller', 'I sent back a coat in October, and I am still waiting for my refund.'],
      ['agent', 'It can take up to fourteen days.'],
      ['caller', 'It has been two months. I have called four times, and every time I hear another story.'],
      ['agent', 'I will ask the warehouse again.'],
      ['caller', 'That is what your colleague said. I feel cheated. I want to speak to a manager.'],
      ['agent', 'He is not in today.'],
      ['caller', 'Of course he is not. What a waste of time.'],
    ],
  },
];
