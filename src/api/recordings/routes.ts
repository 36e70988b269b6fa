import { listOf, pageQuery, recordingQuery, recording as wire } from '../../../contract/resources/index.ts';
import { presentRecording } from '../../recordings/index.ts';
import { presentPage } from '../page.ts';
import { route } from '../route.ts';
import { visible } from '../visible.ts';
import { sendFile } from './send-file.ts';

export const recordingRoutes = [
  route({
    method: 'GET',
    path: '/v1/recordings',
    auth: 'any',
    summary: 'Lists recordings, newest first.',
    query: recordingQuery,
    answer: listOf(wire),
    async handle({ query, caller, services }) {
      const filter = { applicationId: caller?.id, callId: query.call_id, status: query.status };
      const page = await services.recordings.recordings(filter, query);
      return presentPage(page, (one) => presentRecording(one, services.links));
    },
  }),
  route({
    method: 'GET',
    path: '/v1/calls/:id/recordings',
    auth: 'any',
    summary: 'Lists the recordings of a call, newest first.',
    query: pageQuery,
    answer: listOf(wire),
    errors: ['call_not_found'],
    async handle({ params, query, caller, services }) {
      const call = visible(await services.calls.call(params.id), caller, 'call_not_found');
      const page = await services.recordings.recordings({ callId: call.id }, query);
      return presentPage(page, (one) => presentRecording(one, services.links));
    },
  }),
  route({
    method: 'GET',
    path: '/v1/recordings/:id',
    auth: 'any',
    summary: 'Reads a recording.',
    answer: wire,
    errors: ['recording_not_found'],
    async handle({ params, caller, services }) {
      const found = await services.recordings.recording(params.id);
      return presentRecording(visible(found, caller, 'recording_not_found'), services.links);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/recordings/:id/file',
    auth: 'link',
    summary: "Reads a recording's file, whole or in ranges, with a key or by its signed `file_url`.",
    contentType: 'audio/*',
    errors: ['recording_not_found', 'recording_not_ready', 'recording_file_missing', 'range_not_satisfiable'],
    async handle({ params, caller, services, request, reply }) {
      const found = await services.recordings.recording(params.id);
      const recording = visible(found, caller, 'recording_not_found');
      return sendFile(recording, services.files, request, reply);
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/recordings/:id',
    auth: 'any',
    summary: 'Deletes a recording and its file, for good.',
    status: 204,
    errors: ['recording_not_found', 'recording_not_ready'],
    async handle({ params, caller, services }) {
      const found = await services.recordings.recording(params.id);
      const recording = visible(found, caller, 'recording_not_found');
      await services.eraser.deleteRecording(recording);
    },
  }),
];
