"""The shop's routes: an API and a page over the database, and others that never ask it."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.html import format_html, format_html_join

from djangoapp.models import Item

PAGE = "<!doctype html><html lang=en><title>{}</title><h1>{}</h1>{}</html>"


def api_items(_request: HttpRequest) -> JsonResponse:
    """Answer with each item as JSON."""
    items = list(Item.objects.order_by("id").values("id", "name"))
    return JsonResponse({"items": items, "count": len(items)})


def items(_request: HttpRequest) -> HttpResponse:
    """Answer with a page of them."""
    rows = format_html_join("", "<li>{}</li>", Item.objects.order_by("id").values_list("name"))
    return HttpResponse(format_html(PAGE, "Items", "In store", format_html("<ul>{}</ul>", rows)))


def login(_request: HttpRequest) -> HttpResponse:
    """Answer with a page that is good for nobody who wants to read."""
    return HttpResponse(format_html(PAGE, "Log in", "Who are you?", ""))


def login_wall(_request: HttpRequest) -> HttpResponse:
    """Send everyone to the login page, as a member's page does."""
    return redirect("/login?next=/login-wall")


def static_answer(_request: HttpRequest) -> JsonResponse:
    """Answer what never changes: no database is asked."""
    return JsonResponse({"currency": "EUR"})


def healthz(_request: HttpRequest) -> HttpResponse:
    """Be green, whatever happens."""
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("api/items", api_items),
    path("items", items),
    path("login", login),
    path("login-wall", login_wall),
    path("static-answer", static_answer),
    path("healthz", healthz),
]
