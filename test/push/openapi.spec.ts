import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { DEFAULT_HTTP_KIND } from '../support/comet-app.js';
import { NestStage } from '../nest/support/nest-stage.js';
import { startPush } from './push.stage.js';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

describe('the OpenAPI document of a push', () => {
  const stage = new NestStage();

  it('says what to send, with what credentials, and what comes back', async () => {
    const { app } = await startPush(stage, DEFAULT_HTTP_KIND);
    const config = new DocumentBuilder().setTitle('push').addBearerAuth().build();
    const document = SwaggerModule.createDocument(app, config);
    expect(Object.keys(document.paths)).toEqual(['/push']);
    const operation = document.paths['/push']?.post;
    expect(operation).toMatchObject({
      operationId: 'push',
      security: [{ bearer: [] }],
      tags: ['push'],
      parameters: [{ name: 'Idempotency-Key', in: 'header', required: false }],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: {
              oneOf: [
                { $ref: '#/components/schemas/PushMessageDto' },
                { $ref: '#/components/schemas/PushBatchDto' },
              ],
            },
          },
        },
      },
    });
    expect(Object.keys(operation?.responses ?? {})).toEqual([
      '202',
      '400',
      '401',
      '403',
      '409',
      '413',
      '422',
      '503',
    ]);
    expect(operation?.responses['202']).toMatchObject({
      content: { 'application/json': { schema: { $ref: '#/components/schemas/PushAnswerDto' } } },
    });
  });

  it('describes every member, and no other', async () => {
    const { app } = await startPush(stage, DEFAULT_HTTP_KIND);
    const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    const schemas: Schemas = document.components?.schemas ?? {};
    expect(schemas).toMatchObject({
      PushMessageDto: {
        required: ['channel', 'data'],
        properties: {
          channel: { type: 'string' },
          data: { nullable: true },
          userIds: { type: 'array', items: { type: 'string' }, minItems: 1 },
        },
      },
      PushBatchDto: {
        required: ['messages'],
        properties: {
          messages: { type: 'array', items: { $ref: '#/components/schemas/PushMessageDto' }, minItems: 1 },
        },
      },
      PushAnswerDto: { required: ['accepted'], properties: { accepted: { type: 'number' } } },
    });
    expect(Object.keys(schemas)).toHaveLength(3);
  });
});
