// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// By position in `Count.all`.
enum Count {
    static let lines = Counter("lines", gauge: true, "Lines that are shared.")
    static let subscriptions = Counter(
        "subscriptions", gauge: true, "Subscriptions to call-info and line-seize.")
    static let appearances = Counter("appearances", gauge: true, "Appearances that are in use.")
    static let seizures = Counter("seizures", "Appearances that were seized.")
    static let refusedSeizures = Counter("refused_seizures", "line-seize answered with 480: in use.")
    static let refusedMembers = Counter("refused_members", "SUBSCRIBEs answered with 403: not in the table.")
    static let badRequests = Counter("bad_requests", "SUBSCRIBEs answered with 400.")
    static let badCallInfo = Counter(
        "bad_call_info", "Requests and replies of calls whose Call-Info cannot be read.")
    static let pickUps = Counter("retrievals", "Held calls that another telephone took.")
    static let failedPickUps = Counter("failed_retrievals", "Of those, given back to their holder.")
    static let privatePickUps = Counter("refused_retrievals", "Pick-ups answered with 403 or 480.")
    static let notifies = Counter("notifies", "NOTIFYs sent.")
    static let failedNotifies = Counter(
        "failed_notifies", "Subscriptions that ended because a NOTIFY was not answered, or with an error.")
    static let expired = Counter("expired", "Subscriptions that had their time.")
    static let databaseErrors = Counter("db_errors", "Rows that could not be written at once.")

    static let all: [Counter] = [
        lines, subscriptions, appearances, seizures, refusedSeizures, refusedMembers, badRequests,
        badCallInfo,
        pickUps, failedPickUps, privatePickUps, notifies, failedNotifies, expired, databaseErrors,
    ]
}
