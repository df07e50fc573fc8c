// What a host program says in the words of the inner layers is part of this library's API.
@_exported public import Logging
@_exported public import OAIRAdmin
@_exported public import OAIRDiscovery
@_exported public import OAIRProxy
@_exported public import OAIRRouting
@_exported public import OAIRSys
@_exported public import OAIRTypes
