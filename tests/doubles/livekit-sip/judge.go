// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"

	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	"github.com/redis/go-redis/v9"
)

// judge asks livekit-server the same two questions about a call as livekit-sip.
type judge struct{ client rpc.IOInfoClient }

func newJudge(store redis.UniversalClient) (*judge, error) {
	client, err := rpc.NewIOInfoClient(psrpc.NewRedisMessageBus(store))
	return &judge{client}, err
}

// trunk returns the trunk that the call matches, and whether the caller must authenticate.
func (j *judge) trunk(ctx context.Context, call *rpc.SIPCall) (*rpc.GetSIPTrunkAuthenticationResponse, error) {
	return j.client.GetSIPTrunkAuthentication(ctx, &rpc.GetSIPTrunkAuthenticationRequest{
		Call:       call,
		SipCallId:  call.LkCallId,
		From:       call.From.User,
		FromHost:   call.From.Host,
		To:         call.To.User,
		ToHost:     call.To.Host,
		SrcAddress: call.SourceIp,
	})
}

// rule returns the room that the call gets, if any.
func (j *judge) rule(ctx context.Context, trunk string, call *rpc.SIPCall) (*rpc.EvaluateSIPDispatchRulesResponse, error) {
	answer, err := j.client.EvaluateSIPDispatchRules(ctx, &rpc.EvaluateSIPDispatchRulesRequest{
		SipTrunkId:    trunk,
		Call:          call,
		SipCallId:     call.LkCallId,
		CallingNumber: call.From.User,
		CallingHost:   call.From.Host,
		CalledNumber:  call.To.User,
		CalledHost:    call.To.Host,
		SrcAddress:    call.SourceIp,
	})
	if err == nil {
		answer.Upgrade()
	}
	return answer, err
}
