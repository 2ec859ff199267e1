// SPDX-License-Identifier: Apache-2.0

/// What kind of thing a variable names; together with `VariablePart` it says how to read it.
enum VariableOperation: UInt8 {
    case null, constant, returnCode, plugin
    case requestURI, originalURI, destinationURI, from, to, asserted, preferred, remoteParty, referTo,
        diversion
    case nextHop, viaPart, replyPart
    case destinationSet, firstBranch, allBranches, branch, scratchBranch
    case sendSocket, sendSocketName, sendSocketPort
    case method, methodNumber, status, statusNumber, reason, version, messageType, messageTypeName
    case callID, cseq, cseqBody, contentLength, contentType, contact, userAgent
    case body, bodySize, buffer, currentBuffer, length, serial, messagePart
    case header, headerCount, headerValue, headerValueCount
    case sourceAddress, sourcePort, sourceURI, sourceSocket
    case receivedAddress, receivedPort, receivedURI, receivedSocket, receivedName
    case advertisedAddress, advertisedPort, advertisedURI
    case transport, transportNumber, addressFamily, connection
    case flags, scriptFlags, branchFlags
    case digest, accountUser
    case attribute, nestedAttribute
    case scriptVariable, nullableScriptVariable, shared
    case unixTime, unixTimeNow, timeText, timeTextNow, startTime, timeField, timeFormat, timeOfDay
    case process, serverID, expires
    case sentTo, sentFrom
    case statistic, count, select, formatted, setting
    case errorInfo
}

/// A part of what `VariableOperation` names.
enum VariablePart: UInt8 {
    case whole, user, host, port, transport, scheme, wholeLength, userLength, tag, display
    case params, reason, privacy, counter, password
    case name, value, branch, received, rport
    case uri, nextHop, path, q, socket, flags, ruid, instance, userAgent, connection, count
    case realm, nonce, response, algorithm, opaque, cnonce, digestURI, userName, domain
    case ip, proto, socketURI, family, length, buffer, shortProto
    case seconds, microseconds, secondsNow, microsecondsNow, joined, joinedNow
    case second, minute, hour, dayOfMonth, month, year, weekday, dayOfYear, daylight
    case least, most
    case hexadecimal, single, ipv6, full, bracketed, utc
    case firstLine, headers, headersSize, body, bodySize, lastPart, level, code, info
}
